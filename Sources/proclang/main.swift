import ArgumentParser
import CReadline
import ProcLang
import ProcRuntime
print("proclang")
