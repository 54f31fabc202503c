// metadata-speed: what operations on names and attributes cost, in one process and without FUSE. Makes a vault of many documents, once,
// opens it anew and prints a table of medians.
//
//   swift build -c release --product metadata-speed
//   .build/release/metadata-speed [--documents N] [--folder-documents N] [--vault FOLDER] [--operations N]
//
// With --vault the vault stays there and is used again; else it is made under /tmp and removed.
import Access
import Glibc
import Platform
import Vault
import VaultFS
import VaultFormat

var options = Options(CommandLine.arguments.dropFirst())
let vaults = try SpeedVault(options)
defer { vaults.removeIfTemporary() }

if !vaults.exists {
  let making = try seconds { try vaults.make() }
  report("make a document of 100 bytes", making / Double(options.documentCount) * 1e6, "µs")
}
report("catalog", Double(try vaults.catalogByteCount()) / Double(options.documentCount), "bytes a document")

let opening = Clock.boot()
let world = try World(vaults)
report("unlock and show", Double(Clock.boot() - opening) / 1e6, "ms")
try world.measure()
try world.close()
report("peak memory", Double(peakByteCount()) / 1e6, "MB")
