import multiprocessing

print("hello", multiprocessing.cpu_count() > 0)
