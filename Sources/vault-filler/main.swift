// vault-filler: fills a vault that nobody has mounted with many folders, documents and grants, for benchmarks. It writes through Vault as a
// mount does, but judges nobody and records nothing but its commits: never for a vault that is in use.
//
//   swift build -c release --product vault-filler
//   .build/release/vault-filler VAULT KEYFILE documents /wide 100000            100,000 documents of 1 KiB in one folder
//   .build/release/vault-filler VAULT KEYFILE tree / 1000000                     the same, 100 in a folder, 100 folders in a folder
//   .build/release/vault-filler VAULT KEYFILE folders /narrow 1000000            empty folders in one folder
//   .build/release/vault-filler VAULT KEYFILE grants /narrow 10000 10            ten grants to each of 10,000 users on folders in it, and one here
import Glibc
import Keys
import Platform
import Sodium
import Vault
import VaultFormat

let arguments = CommandLine.arguments
guard arguments.count >= 6, let count = Int(arguments[5]) else {
  fatalError("vault-filler VAULT KEYFILE documents|tree|folders|grants PATH COUNT …")
}
let path = arguments[1]
let (work, place) = (arguments[3], arguments[4])

func unlock(_ path: String, keyFile: String) throws -> Vault {
  let key = try File(keyFile, O_RDONLY).readAll(limit: 1 << 20)
  let secret = try SlotSecret(.keyFile, try SecretBytes(count: key.count) { $0.copyBytes(from: key) })
  let file = try Vault.readFile(at: path, secret: secret)
  return try Vault.unlock(at: path, root: file.takeRoot())
}

let vault = try unlock(path, keyFile: arguments[2])
let filler = try Filler(vault, at: place)
switch work {
case "documents": try filler.makeDocuments(count)
case "tree": try filler.makeTree(count)
case "folders": try filler.makeFolders(count)
case "grants": try filler.giveGrants(principalCount: count, each: Int(arguments[6])!)
default: fatalError("no such work: \(work)")
}
try vault.close()
