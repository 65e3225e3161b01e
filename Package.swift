// swift-tools-version: 6.0
import PackageDescription

// The interpreter is single-threaded by design (fork copies only the calling thread), so module-level
// state needs no actor: the targets are compiled in the Swift 5 language mode.
let single: [SwiftSetting] = [.swiftLanguageMode(.v5)]

let package = Package(
    name: "proclang",
    products: [
        .executable(name: "proclang", targets: ["proclang"]),
        .library(name: "ProcLang", targets: ["ProcLang"]),
        .library(name: "ProcRuntime", targets: ["ProcRuntime"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
    ],
    targets: [
        .systemLibrary(name: "CReadline", providers: [.apt(["libreadline-dev"])]),
        .target(name: "CSystem", cSettings: [.define("_GNU_SOURCE")]),
        .target(name: "ProcVocabulary", swiftSettings: single),
        .target(name: "ProcLang", dependencies: ["ProcVocabulary"], swiftSettings: single),
        .target(name: "ProcRuntime", dependencies: ["CSystem", "ProcVocabulary"], swiftSettings: single),
        .executableTarget(name: "RuntimeProbe", dependencies: ["ProcRuntime", "CSystem"], swiftSettings: single),
        .executableTarget(
            name: "proclang",
            dependencies: [
                "ProcLang", "ProcRuntime", "CReadline", "CSystem",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: single),
        .testTarget(name: "ProcLangTests", dependencies: ["ProcLang"], swiftSettings: single),
        .testTarget(name: "ProcRuntimeTests", dependencies: ["ProcRuntime", "RuntimeProbe"], swiftSettings: single),
        .testTarget(name: "CommandTests", dependencies: [], swiftSettings: single),
    ]
)
