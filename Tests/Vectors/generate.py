#!/usr/bin/env python3
"""Writes the golden vectors of rows, names, pages, blob keys and vault.json, from docs/format/ alone.

This is a second implementation on purpose: it shares no code with the program, and the program's tests read what it
writes. Committed vectors are never regenerated to make a test pass; a format that changes gets a new version and new
files beside the old ones. Needs python3 with `cryptography` and `pynacl`:

    python3 -m venv /tmp/v && /tmp/v/bin/pip install cryptography pynacl && /tmp/v/bin/python Tests/Vectors/generate.py
"""
import hashlib, os, struct
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nacl import bindings as sodium

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = bytes(range(32))
VAULT = bytes(range(0x10, 0x20))
BLOB = bytes(range(0xA0, 0xB0))
SUITE = b"\x01"
NONCE = bytes(range(0x40, 0x58))
SUBKEYS = dict(vaultFile=1, rows=2, nameTags=3, rowDigests=4, blobWrapping=5, packDigests=6, trailMarks=7, trailSigner=8,
               catalogFile=9, bucketSeals=10)


# The key hierarchy (keys.md)

def subkey(name):
    salt = struct.pack("<Q", SUBKEYS[name]) + bytes(8)
    return hashlib.blake2b(b"", digest_size=32, key=ROOT, salt=salt, person=b"strngrm1" + bytes(8)).digest()


def keyed(name, data, size=32):
    return hashlib.blake2b(data, digest_size=size, key=subkey(name)).digest()


def xchacha(plaintext, aad, nonce, key):
    return sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, aad, nonce, key)


def u64(n): return struct.pack("<Q", n)
def u32(n): return struct.pack("<I", n)
def i64(n): return struct.pack("<q", n)


def varint(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def zigzag(n): return varint((n << 1) ^ (n >> 63) if n >= 0 else ((-n) << 1) - 1)
def counted(b): return varint(len(b)) + b


written = set()


def vector(path, comment, expect, **fields):
    path = os.path.join(HERE, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    assert path not in written, path
    written.add(path)
    with open(path, "w") as file:
        file.write(f"# {comment}\nexpect: {expect}\n")
        for name, value in fields.items():
            file.write(f"{name}: {value.hex() if isinstance(value, (bytes, bytearray)) else value}\n")


def flip(data, index, mask=1):
    data = bytearray(data)
    data[index] ^= mask
    return bytes(data)


# Records: the plaintexts of rows (rows.md)

def principal(kind, name, number): return bytes([kind]) + counted(name.encode()) + varint(number)
def extent_hole(start, count): return varint(start) + varint(count) + b"\0"


def extent(start, count, place, blob_start=0, blob=BLOB, blob_count=None, wrapping=1, wrapped=bytes(range(48))):
    where = b"\1" if place is None else b"\2" + varint(place[0]) + varint(place[1])
    return (varint(start) + varint(count) + where + varint(blob_start) + blob + varint(blob_count or count + blob_start)
            + varint(wrapping) + wrapped)


def node(kind, parent, name, mode=0o640, uid=1000, gid=100, modified=1_700_000_000_000_000_000, accessed=0, changed=5, born=-7,
         size=0, target=b"", xattrs=(), extents=0, first=b""):
    return (b"\1" + bytes([kind]) + varint(parent) + counted(name) + varint(mode) + varint(uid) + varint(gid) + i64(modified)
            + zigzag(accessed) + zigzag(changed) + zigzag(born) + varint(size) + counted(target) + varint(len(xattrs))
            + b"".join(counted(k) + counted(v) for k, v in xattrs) + varint(extents) + first)


def time(t): return b"\0" if t is None else b"\1" + i64(t)


def grant(folder=1, to=principal(1, "anna", 1001), rights=3, start=None, until=None, giver=principal(1, "root", 0), reason=b"work",
          given=1_700_000_000_000_000_000, approver=None):
    return (b"\1" + varint(folder) + to + bytes([rights]) + time(start) + time(until) + giver + counted(reason) + i64(given)
            + (b"\0" if approver is None else b"\1" + approver))


def duty(kind=1, to=principal(1, "anna", 1001), giver=principal(1, "root", 0), reason=b"work", given=1_700_000_000_000_000_000):
    return b"\1" + bytes([kind]) + to + giver + counted(reason) + i64(given)


def use(count=300, last=1_700_000_040_000_000_000): return varint(count) + i64(last)


def suspension(review=1000, start=1_700_000_000_000_000_000, maker=principal(1, "root", 0)):
    return b"\1" + varint(review) + i64(start) + maker


def review(scope=1, opener=principal(1, "root", 0), reason=b"work", opened=1_700_000_000_000_000_000, due=1_700_100_000_000_000_000,
           suspends=0, closing=b"\0"):
    return b"\1" + varint(scope) + opener + counted(reason) + i64(opened) + i64(due) + bytes([suspends]) + closing


def review_item(review=1000, number=7, inner=None, owner=b"\0", used=b"\0", since=1_700_000_000_000_000_000, answer=b"\0"):
    return b"\1" + varint(review) + varint(number) + counted(inner or grant()) + owner + used + i64(since) + answer


def answer(decision, by=principal(1, "otto", 1002), note=b"work", given=1_700_000_000_000_000_000, successor=b""):
    return bytes([decision]) + by + counted(note) + i64(given) + successor


def reviews():
    vector("records/use.txt", "300 uses.", "ok", format="use", bytes=b"\1" + use())
    vector("records/use-version-2.txt", "A later version.", "newerVersion 2", format="use", bytes=b"\2" + use())
    vector("records/use-trailing.txt", "A byte after the end.", "malformed", format="use", bytes=b"\1" + use() + b"\0")
    vector("records/suspension.txt", "A suspended grant.", "ok", format="suspension", bytes=suspension())
    vector("records/suspension-version-2.txt", "A later version.", "newerVersion 2", format="suspension", bytes=b"\2" + suspension()[1:])
    vector("records/suspension-ends-early.txt", "Without its last byte.", "malformed", format="suspension", bytes=suspension()[:-1])
    vector("records/review.txt", "An open review.", "ok", format="review", bytes=review())
    vector("records/review-closed.txt", "A closed review that suspended by itself.", "ok", format="review",
           bytes=review(scope=99, suspends=1, closing=b"\1" + principal(1, "otto", 1002) + counted("für Ämter".encode()) + i64(-1)))
    vector("records/review-flag-2.txt", "A flag is 0 or 1.", "malformed", format="review", bytes=review(suspends=2))
    vector("records/review-version-2.txt", "A later version.", "newerVersion 2", format="review", bytes=b"\2" + review()[1:])
    vector("records/review-item.txt", "Not answered, nobody to answer, never used.", "ok", format="review-item", bytes=review_item())
    vector("records/review-item-kept.txt", "Used and kept.", "ok", format="review-item",
           bytes=review_item(owner=b"\1" + principal(1, "otto", 1002), used=b"\1" + use(), answer=answer(1)))
    vector("records/review-item-shrunk.txt", "Shrunk to list until a time.", "ok", format="review-item",
           bytes=review_item(owner=b"\1" + principal(2, "stewards", 70000),
                             answer=answer(3, successor=varint(1001) + bytes([1]) + time(1 << 62))))
    vector("records/review-item-decision-4.txt", "No such decision.", "malformed", format="review-item", bytes=review_item(answer=answer(4)))
    vector("records/review-item-shrunk-to-nothing.txt", "What stands instead gives something.", "malformed", format="review-item",
           bytes=review_item(answer=answer(3, successor=varint(1001) + bytes([0]) + time(None))))
    vector("records/review-item-bad-grant.txt", "The grant within is whole.", "malformed", format="review-item",
           bytes=review_item(inner=grant()[:-1]))
    vector("records/review-item-trailing.txt", "A byte after the end.", "malformed", format="review-item", bytes=review_item() + b"\0")


def records():
    reviews()
    documents = dict(
        root=("node", "The root folder: no parent, no name.", node(1, 0, b"", mode=0o755, uid=0, gid=0)),
        folder=("node", "A folder.", node(1, 1, b"letters", mode=0o1755)),
        symlink=("node", "A symlink; its size is the target's length.", node(3, 7, b"link", mode=0o777, size=9, target=b"../a/b\xff/c")),
        empty=("node", "A document without content.", node(2, 300, "é".encode(), accessed=1, changed=-1, born=0)),
        document=("node", "A document with attributes and two extents, the first in a pack.",
                  node(2, (1 << 40) - 1, b"n" * 255, size=5_000_000, xattrs=[(b"user.a", b""), (b"user.b", b"\0\1")], extents=2,
                       first=extent(0, 100_000, (1, 4096)))),
        sparse=("node", "A document that begins with a hole.", node(2, 2, b"s", size=1 << 40, extents=1, first=extent_hole(0, 1 << 40))),
    )
    for name, (fmt, comment, data) in documents.items():
        vector(f"records/node-{name}.txt", comment, "ok", format=fmt, bytes=data)
    good = documents["folder"][2]
    vector("records/node-ends-early.txt", "Without its last byte.", "malformed", format="node", bytes=good[:-1])
    vector("records/node-trailing.txt", "A byte after the end.", "malformed", format="node", bytes=good + b"\0")
    vector("records/node-version-0.txt", "There was no version 0.", "malformed", format="node", bytes=b"\0" + good[1:])
    vector("records/node-version-2.txt", "A later version.", "newerVersion 2", format="node", bytes=b"\2" + good[1:])
    vector("records/node-kind-4.txt", "No such kind.", "malformed", format="node", bytes=b"\1\4" + good[2:])
    vector("records/node-parent-too-great.txt", "Node numbers have 40 bits.", "malformed", format="node", bytes=node(1, 1 << 40, b"a"))
    vector("records/node-name-empty.txt", "Only the root has no name.", "malformed", format="node", bytes=node(1, 1, b""))
    vector("records/node-name-without-parent.txt", "The root has no name.", "malformed", format="node", bytes=node(1, 0, b"a"))
    vector("records/node-name-slash.txt", "A slash in a name.", "malformed", format="node", bytes=node(1, 1, b"a/b"))
    vector("records/node-name-dots.txt", "A name that means the parent.", "malformed", format="node", bytes=node(1, 1, b".."))
    vector("records/node-name-too-long.txt", "256 bytes.", "malformed", format="node", bytes=node(1, 1, b"n" * 256))
    vector("records/node-name-padded-count.txt", "A count not in its shortest form.", "malformed", format="node",
           bytes=node(1, 1, b"x").replace(b"\1x", b"\x81\0x", 1))
    vector("records/node-mode-setuid.txt", "Setuid is never kept.", "malformed", format="node", bytes=node(1, 1, b"a", mode=0o4755))
    vector("records/node-uid-too-great.txt", "33 bits of uid.", "malformed", format="node", bytes=node(1, 1, b"a", uid=1 << 32))
    vector("records/node-target-of-folder.txt", "Only symlinks have targets.", "malformed", format="node",
           bytes=node(1, 1, b"a", target=b"x"))
    vector("records/node-symlink-without-target.txt", "A symlink has a target.", "malformed", format="node", bytes=node(3, 1, b"a"))
    vector("records/node-xattrs-unordered.txt", "Attributes stand in byte order.", "malformed", format="node",
           bytes=node(2, 1, b"a", xattrs=[(b"user.b", b""), (b"user.a", b"")]))
    vector("records/node-xattrs-twice.txt", "No attribute twice.", "malformed", format="node",
           bytes=node(2, 1, b"a", xattrs=[(b"user.a", b""), (b"user.a", b"")]))
    vector("records/node-folder-with-extents.txt", "Only documents have extents.", "malformed", format="node",
           bytes=node(1, 1, b"a", extents=1, first=extent_hole(0, 1)))
    vector("records/node-first-extent-not-first.txt", "The first extent begins at 0.", "malformed", format="node",
           bytes=node(2, 1, b"a", size=9, extents=1, first=extent_hole(1, 8)))

    vector("records/extent-hole.txt", "A hole.", "ok", format="extent", bytes=b"\1" + extent_hole(4096, 1))
    vector("records/extent-file.txt", "The middle of a blob in a file of its own.", "ok", format="extent",
           bytes=b"\1" + extent(1 << 33, 1000, None, blob_start=500, blob_count=4 << 20))
    vector("records/extent-pack.txt", "A whole blob in a pack.", "ok", format="extent", bytes=b"\1" + extent(0, 131072, (77, 1 << 20)))
    bad = dict(
        empty=("No extent is empty.", extent_hole(0, 0)), place=("No such place.", b"\0\1\3"),
        outside=("Past the end of its blob.", extent(0, 1000, None, blob_start=1, blob_count=1000)),
        blob=("A blob over 4 MiB.", extent(0, 1, None, blob_count=(4 << 20) + 1)),
        pack=("Packs count from 1.", extent(0, 1, (0, 0))), range=("Past 2^63-1.", extent_hole((1 << 63) - 1, 1)),
        wrapping=("Wrapping keys have 32 bits.", extent(0, 1, None, wrapping=1 << 32)))
    for name, (comment, data) in bad.items():
        vector(f"records/extent-bad-{name}.txt", comment, "malformed", format="extent", bytes=b"\1" + data)

    vector("records/duty.txt", "An administrator.", "ok", format="duty", bytes=duty())
    vector("records/duty-group.txt", "A group of records officers.", "ok", format="duty",
           bytes=duty(4, principal(2, "clerks", 70000), reason="für Ämter".encode()))
    vector("records/duty-kind-0.txt", "No such duty.", "malformed", format="duty", bytes=duty(0))
    vector("records/duty-kind-5.txt", "No such duty.", "malformed", format="duty", bytes=duty(5))
    vector("records/duty-version-2.txt", "A later version.", "newerVersion 2", format="duty", bytes=b"\2" + duty()[1:])
    vector("records/duty-trailing.txt", "A byte after the end.", "malformed", format="duty", bytes=duty() + b"\0")
    vector("records/grant-plain.txt", "A grant without limits of time.", "ok", format="grant", bytes=grant())
    vector("records/grant-full.txt", "A grant with everything.", "ok", format="grant",
           bytes=grant(folder=99, to=principal(2, "clerks", 70000), rights=63, start=-1, until=1 << 62, reason="für Ämter".encode(),
                       approver=principal(1, "otto", 1002)))
    vector("records/grant-no-rights.txt", "A grant gives something.", "malformed", format="grant", bytes=grant(rights=0))
    vector("records/grant-right-64.txt", "No such right.", "malformed", format="grant", bytes=grant(rights=65))
    vector("records/grant-flag-2.txt", "A flag is 0 or 1.", "malformed", format="grant", bytes=grant()[:-1] + b"\2")
    vector("records/grant-reason-not-utf8.txt", "Texts are UTF-8.", "malformed", format="grant", bytes=grant(reason=b"\xff"))
    vector("records/grant-principal-kind-3.txt", "No such kind.", "malformed", format="grant", bytes=grant(to=principal(3, "x", 1)))

    barrier = (b"\1" + varint(5) + principal(1, "anna", 1001) + principal(1, "otto", 1002) + counted(b"case 17") + counted(b"conflict")
               + time(None) + time(2_000_000_000_000_000_000) + i64(1_700_000_000_000_000_000))
    vector("records/barrier.txt", "A barrier with an end.", "ok", format="barrier", bytes=barrier)
    vector("records/barrier-trailing.txt", "A byte after the end.", "malformed", format="barrier", bytes=barrier + b"\0")
    boundary = b"\1" + varint(5) + principal(1, "otto", 1002) + counted(b"") + i64(-1)
    vector("records/boundary.txt", "A boundary without a reason.", "ok", format="boundary", bytes=boundary)
    vector("records/boundary-ends-early.txt", "Without its last byte.", "malformed", format="boundary", bytes=boundary[:-1])

    counters = b"\1" + u64(2) + u64(3) + u64(1 << 63) + u64(0xFFFFFFFF)
    vector("records/counters.txt", "Four limits.", "ok", format="counters", bytes=counters)
    vector("records/counters-ends-early.txt", "Without its last byte.", "malformed", format="counters", bytes=counters[:-1])
    commit = b"\1" + u64(9) + u64(7) + bytes(range(32)) + u64(3) + i64(1_700_000_000_000_000_000)
    vector("records/commit.txt", "Commit 9, which changed 7 (8 failed).", "ok", format="commit", bytes=commit)
    vector("records/commit-version-2.txt", "A later version.", "newerVersion 2", format="commit", bytes=b"\2" + commit[1:])
    vector("records/bucket.txt", "The digest of a bucket.", "ok", format="bucket", bytes=b"\1" + bytes(range(32)))
    vector("records/bucket-trailing.txt", "A byte after the end.", "malformed", format="bucket", bytes=b"\1" + bytes(33))
    pack = b"\1" + u64(64 << 20) + u64(4096) + bytes(range(32))
    vector("records/pack.txt", "A full pack with little alive.", "ok", format="pack", bytes=pack)
    vector("records/pack-more-alive-than-there.txt", "More alive than there is.", "malformed", format="pack",
           bytes=b"\1" + u64(4095) + u64(4096) + bytes(32))
    return documents


# Sealed rows, digests, names (rows.md)

def row_aad(table, first, second, version, vault=VAULT):
    return SUITE + vault + bytes([table]) + u64(first) + u64(second) + u64(version)


def seal_row(plaintext, table, first, second, version):
    return NONCE + xchacha(plaintext, row_aad(table, first, second, version), NONCE, subkey("rows"))


def digest(table, first, second, version, columns, sealed):
    return keyed("rowDigests", bytes([table]) + u64(first) + u64(second) + u64(version) + columns + sealed)


def name_tag(parent, name): return keyed("nameTags", u64(parent) + name, 16)


def rows(documents):
    common = dict(root=ROOT, vault=VAULT)
    plaintext = documents["document"][2]
    tag = name_tag((1 << 40) - 1, b"n" * 255)
    sealed = seal_row(plaintext, 1, 42, 0, 7)
    place = dict(table=1, first=42, second=0, version=7)
    columns = dict(parent=(1 << 40) - 1, tag=tag)
    vector("rows/node.txt", "A node's row, its columns and its digest.", "ok", **common, **place, **columns, nonce=NONCE,
           plaintext=plaintext, sealed=sealed, digest=digest(1, 42, 0, 7, b"\1" + u64((1 << 40) - 1) + tag, sealed))
    other = b"\1" + extent(1 << 33, 1000, None, blob_start=500, blob_count=4 << 20)
    sealed2 = seal_row(other, 2, 42, 1 << 33, 1 << 40)
    vector("rows/extent.txt", "An extent's row: two numbers in its key, no columns.", "ok", **common, table=2, first=42, second=1 << 33,
           version=1 << 40, nonce=NONCE, plaintext=other, sealed=sealed2, digest=digest(2, 42, 1 << 33, 1 << 40, b"\0", sealed2))
    sealed3 = seal_row(b"", 6, 1, 0, 1)
    vector("rows/empty.txt", "An empty plaintext.", "ok", **common, table=6, first=1, second=0, version=1, nonce=NONCE, plaintext=b"",
           sealed=sealed3, digest=digest(6, 1, 0, 1, b"\0", sealed3))
    bad = dict(
        table=dict(place, table=2), first=dict(place, first=43), second=dict(place, second=1), version=dict(place, version=6))
    for name, where in bad.items():
        vector(f"rows/other-{name}.txt", f"Opened in the place of another {name}.", "authenticationFailed", **common, **where, sealed=sealed)
    vector("rows/other-vault.txt", "Opened in another vault.", "authenticationFailed", root=ROOT, vault=BLOB, **place, sealed=sealed)
    vector("rows/other-root.txt", "Opened under another root key.", "authenticationFailed", root=flip(ROOT, 31), vault=VAULT, **place,
           sealed=sealed)
    for name, index in dict(nonce=0, ciphertext=24, tag=len(sealed) - 1).items():
        vector(f"rows/flipped-{name}.txt", f"One bit of the {name} flipped.", "authenticationFailed", **common, **place,
               sealed=flip(sealed, index))
    vector("rows/cut.txt", "The last byte missing.", "authenticationFailed", **common, **place, sealed=sealed[:-1])
    vector("rows/too-short.txt", "Shorter than nonce and tag.", "authenticationFailed", **common, **place, sealed=sealed[:39])

    for name, (parent, text) in dict(short=(1, b"a"), long=((1 << 40) - 1, b"n" * 255), bytes=(2, b"\n\xff\x01"),
                                     otherfolder=(2, b"a")).items():
        vector(f"names/{name}.txt", "A name's tag in its folder.", "ok", **common, parent=parent, name=text, tag=name_tag(parent, text))

    names = [name for name in SUBKEYS]
    vector("subkeys/all.txt", "All subkeys of the root key, by the number given to crypto_kdf.", "ok", root=ROOT,
           **{f"{SUBKEYS[name]}": subkey(name) for name in names})


# Blob keys (keys.md) and pages (pages.md)

BLOB_KEY = bytes(range(0x80, 0xA0))


def wrap(key=BLOB_KEY, blob=BLOB, number=1):
    aad = b"strongroom blob key 1" + SUITE + VAULT + blob + u32(number)
    return xchacha(key, aad, blob + bytes(8), subkey("blobWrapping"))


def pattern(count): return bytes((7 * i + 3) & 0xFF for i in range(count))


def page_aad(index, total, vault=VAULT, blob=BLOB):
    pages = (total + 16383) // 16384
    count = min(16384, total - index * 16384)
    return b"strongroom page 1" + SUITE + vault + blob + u32(index) + u32(count) + bytes([index == pages - 1])


def seal_blob(plaintext):
    out = b""
    for index in range((len(plaintext) + 16383) // 16384):
        page = plaintext[index * 16384:(index + 1) * 16384]
        out += AESGCM(BLOB_KEY).encrypt(index.to_bytes(12, "little"), page, page_aad(index, len(plaintext)))
    return out


def blobs():
    common = dict(root=ROOT, vault=VAULT, blob=BLOB)
    wrapped = wrap()
    vector("blobkeys/wrapped.txt", "A blob's key, wrapped.", "ok", **common, key=BLOB_KEY, number=1, wrapped=wrapped)
    vector("blobkeys/other-blob.txt", "The wrapped key of another blob.", "authenticationFailed", **dict(common, blob=flip(BLOB, 0)),
           number=1, wrapped=wrapped)
    vector("blobkeys/other-vault.txt", "The wrapped key of another vault.", "authenticationFailed", **dict(common, vault=flip(VAULT, 0)),
           number=1, wrapped=wrapped)
    vector("blobkeys/flipped.txt", "One bit flipped.", "authenticationFailed", **common, number=1, wrapped=flip(wrapped, 5))
    vector("blobkeys/number-2.txt", "A wrapping key that does not exist.", "damaged", **common, number=2, wrapped=wrapped)
    vector("blobkeys/cut.txt", "A byte short.", "authenticationFailed", **common, number=1, wrapped=wrapped[:-1])

    common = dict(common, key=BLOB_KEY)
    vector("pages/one-byte.txt", "The smallest blob.", "ok", **common, plaintext=b"\x2a", sealed=seal_blob(b"\x2a"))
    vector("pages/text.txt", "One short page.", "ok", **common, plaintext=b"strongroom", sealed=seal_blob(b"strongroom"))
    for count in [16383, 16384, 16385, 32768, 131072, 4 << 20]:
        sealed = seal_blob(pattern(count))
        vector(f"pages/pattern-{count}.txt", "Byte i of the content is (7i + 3) mod 256; the sealed bytes by their BLAKE2b-256.", "ok",
               **common, pattern=count, sealedByteCount=len(sealed), sealedHash=hashlib.blake2b(sealed, digest_size=32).digest())
    sealed = seal_blob(b"strongroom")
    for name, index in dict(ciphertext=0, tag=len(sealed) - 1).items():
        vector(f"pages/flipped-{name}.txt", f"One bit of the {name} flipped.", "authenticationFailed", **common, page=0, byteCount=10,
               sealed=flip(sealed, index))
    vector("pages/cut.txt", "A file that ends early.", "authenticationFailed", **common, page=0, byteCount=10, sealed=sealed[:-1])
    vector("pages/other-length.txt", "The catalog says a byte less.", "authenticationFailed", **common, page=0, byteCount=9,
           sealed=sealed[:-1])
    long = seal_blob(pattern(32768))
    vector("pages/swapped.txt", "Page 1 in the place of page 0.", "authenticationFailed", **common, page=0, byteCount=32768,
           sealed=long[16400:])
    vector("pages/not-the-last.txt", "Page 0 of two, taken for the only one.", "authenticationFailed", **common, page=0,
           byteCount=16384, sealed=long[:16400])
    vector("pages/other-blob.txt", "The page of another blob under the same key.", "authenticationFailed",
           **dict(common, blob=flip(BLOB, 15)), page=0, byteCount=10, sealed=sealed)


# vault.json (vault-file.md)

PASSPHRASE = "correct horse battery staple".encode()
KEY_FILE = bytes(range(64))
SALT = bytes(range(0x60, 0x70))


def slot(number, kind, label, created, secret, passes=2, memory=64 << 20, salt=SALT, nonce=NONCE, root=ROOT):
    code = dict(passphrase=1, keyfile=2, credential=3)[kind]
    aad = b"strongroom key slot 1" + SUITE + VAULT + u64(number) + bytes([code])
    fields = [("id", number), ("kind", kind), ("label", label), ("created", created)]
    if kind == "passphrase":
        aad += u64(passes) + u64(memory) + salt
        usable = 1 <= passes <= 10 and memory <= 1 << 30
        key = sodium.crypto_pwhash_alg(32, secret, salt, passes, memory, 2) if usable else bytes(32)
        fields += [("kdf", "argon2id"), ("passes", passes), ("memory", memory), ("salt", salt.hex())]
    else:
        key = hashlib.blake2b(b"strongroom key file 1" + VAULT + secret, digest_size=32).digest()
        fields += [("kdf", "blake2b")]
    return fields + [("wrapping", "xchacha20-poly1305"), ("sealed", (nonce + xchacha(root, aad, nonce, key)).hex())]


def value(v): return str(v) if isinstance(v, int) else '"' + v.replace("\\", "\\\\").replace('"', '\\"') + '"'


def member(depth, name, text): return "  " * depth + f'"{name}": {text}'


def array(name, elements):
    if not elements: return member(1, name, "[]")
    objects = ["    {\n" + ",\n".join(member(3, k, value(v)) for k, v in fields) + "\n    }" for fields in elements]
    return member(1, name, "[\n" + ",\n".join(objects) + "\n  ]")


def vault_file(slots, reviewers, generation=1, next_slot=None, form=1, suite=1, created="2026-03-01T12:00:00Z", mac=None):
    members = [member(1, "format", form), member(1, "vault", value(VAULT.hex())), member(1, "suite", suite),
               member(1, "generation", generation), member(1, "created", value(created)),
               member(1, "nextSlot", next_slot or max(dict(s)["id"] for s in slots) + 1), array("slots", slots),
               array("reviewers", reviewers)]
    text = ("{\n" + ",\n".join(members)).encode()
    mac = keyed("vaultFile", text) if mac is None else mac
    return text + b",\n" + member(1, "mac", value(mac.hex())).encode() + b"\n}\n"


def reviewer(n, label="auditor"): return [("key", bytes([n] * 32).hex()), ("label", label), ("added", "2026-03-01T12:00:00Z")]


def write_text(name, comment, expect, text, **fields):
    vector(f"vaultfile/{name}.txt", comment, expect, root=ROOT, **fields, text=text)


def vaults():
    made = "2026-03-01T12:00:00Z"
    pass_slot = slot(1, "passphrase", "first", made, PASSPHRASE)
    file_slot = slot(3, "keyfile", 'the "spare" \\ key', "2026-03-02T00:00:00Z", KEY_FILE, nonce=NONCE[::-1])
    cred_slot = slot(4, "credential", "Rechnerstart für Büro", "2028-02-29T23:59:59Z", KEY_FILE[:32])
    secret = dict(kind="passphrase", secret=PASSPHRASE, slot=1)
    one = vault_file([pass_slot], [])
    three = vault_file([pass_slot, file_slot, cred_slot], [reviewer(1), reviewer(2, "Prüferin")], generation=5)
    assert len(one) < 64 << 10
    write_text("one-slot", "The smallest file: one passphrase, no reviewers.", "ok", one, **secret)
    write_text("three-slots-passphrase", "Three slots, two reviewers, unlocked by the passphrase.", "ok", three, **secret)
    write_text("three-slots-keyfile", "The same, unlocked by the key file.", "ok", three, kind="keyfile", secret=KEY_FILE, slot=3)
    write_text("three-slots-credential", "The same, unlocked by the credential.", "ok", three, kind="credential", secret=KEY_FILE[:32],
               slot=4)
    write_text("wrong-passphrase", "Another passphrase.", "wrongSecret", one, kind="passphrase", secret=b"correct horse")
    write_text("wrong-kind", "A key file for a credential's slot.", "wrongSecret", three, kind="keyfile", secret=KEY_FILE[:32])
    write_text("no-such-kind", "No slot of the kind.", "wrongSecret", one, kind="keyfile", secret=KEY_FILE)
    for name, (passes, memory) in dict(passes_1=(1, 64 << 20), passes_11=(11, 64 << 20), memory_small=(2, (64 << 20) - 1),
                                       memory_great=(2, (1 << 30) + 1), memory_all=(2, (1 << 64) - 1)).items():
        bad = vault_file([slot(1, "passphrase", "first", made, PASSPHRASE, passes=passes, memory=memory)], [])
        write_text(name.replace("_", "-"), "KDF parameters out of range are refused before use.", "badParameters", bad, **secret)

    def changed(name, comment, expect, old, new, text=three, **kw):
        assert text.count(old) >= 1, (name, old)
        write_text(name, comment, expect, text.replace(old, new, 1), **(kw or dict(kind="keyfile", secret=KEY_FILE, slot=3)))

    changed("mac-label", "A label changed: the MAC does not fit.", "damaged", b"first", b"First")
    changed("mac-generation", "An earlier generation claimed.", "damaged", b'"generation": 5', b'"generation": 4')
    changed("mac-reviewer", "A reviewer's key exchanged.", "damaged", b"02" * 32, b"03" * 32)
    changed("mac-itself", "Another MAC.", "damaged", three[-68:-4], b"0" * 64)
    write_text("slot-of-other-id", "A slot under another id: its seal binds the id.", "wrongSecret",
               vault_file([[("id", 2)] + pass_slot[1:]], []), **secret)
    write_text("slot-salt", "Another salt: the passphrase gives another key.", "wrongSecret",
               one.replace(SALT.hex().encode(), SALT[::-1].hex().encode()), **secret)
    changed("newer", "A later format, whatever follows.", "newerVersion 2", b'"format": 1', b'"format": 2')
    write_text("newer-unknown", "A later format with nothing else we know.", "newerVersion 900", b'{\n  "format": 900,\n  "x": {}\n}\n',
               **secret)
    bad = dict(
        format_0=("There was no format 0.", b'"format": 1', b'"format": 0'),
        suite_2=("No such suite.", b'"suite": 1', b'"suite": 2'), suite_257=("A suite is a byte.", b'"suite": 1', b'"suite": 257'),
        leading_zero=("A number with a leading zero.", b'"generation": 5', b'"generation": 05'),
        plus=("A number with a sign.", b'"generation": 5', b'"generation": +5'),
        exponent=("A number with an exponent.", b'"generation": 5', b'"generation": 5e0'),
        too_great=("A number of 65 bits.", b'"generation": 5', b'"generation": 18446744073709551616'),
        generation_0=("Generations count from 1.", b'"generation": 5', b'"generation": 0'),
        hex_case=("Hexadecimal in upper case.", VAULT.hex().encode(), VAULT.hex().upper().encode()),
        two_spaces=("Two spaces after a colon.", b'"suite": 1', b'"suite":  1'), no_space=("No space.", b'"suite": 1', b'"suite":1'),
        tab=("A tab for spaces.", b'  "suite"', b'\t"suite"'), cr=("A carriage return.", b'1,\n', b'1,\r\n'),
        order=("Members out of order.", b'"suite": 1,\n  "generation": 5', b'"generation": 5,\n  "suite": 1'),
        unknown_member=("A member we do not know.", b'"suite": 1', b'"suite": 1,\n  "more": 1'),
        twice=("A member twice.", b'"suite": 1', b'"suite": 1,\n  "suite": 1'),
        escape_u=("An escape that is not needed.", b'"first"', b'"f\\u0069rst"'),
        escape_slash=("An escape that is not needed.", b'"first"', b'"fi\\/st"'),
        control=("A control character in a label.", b'"first"', b'"fi\x01st"'),
        separator=("A line separator in a label.", b'"first"', '"fi\u2028st"'.encode()),
        not_utf8=("A label that is not UTF-8.", b'"first"', b'"fi\xc0st"'),
        long_label=("A label of 129 bytes.", b'"first"', b'"' + b"l" * 129 + b'"'),
        date_february_30=("A day that does not exist.", b"2028-02-29", b"2028-02-30"),
        date_lower_case=("A date in lower case.", b"2026-03-02T", b"2026-03-02t"),
        date_second_60=("A leap second.", b"23:59:59", b"23:59:60"),
        date_fraction=("A fraction of a second.", b"23:59:59Z", b"23:59:59.0Z"),
        slot_order=("Slot ids ascend.", b'"id": 4', b'"id": 2'), slot_twice=("A slot id twice.", b'"id": 4', b'"id": 3'),
        slot_0=("Slot ids count from 1.", b'"id": 1', b'"id": 0'),
        next_slot=("The next slot is one that is there.", b'"nextSlot": 5', b'"nextSlot": 4'),
        kind=("No such kind.", b'"kind": "keyfile"', b'"kind": "shares"'),
        kdf_of_keyfile=("Argon2id for a key file.", b'"kdf": "blake2b"', b'"kdf": "argon2id"'),
        kdf_of_passphrase=("BLAKE2b for a passphrase.", b'"kdf": "argon2id"', b'"kdf": "blake2b"'),
        wrapping=("No such wrapping.", b"xchacha20-poly1305", b"aes-256-gcm"),
        short_salt=("A salt of 15 bytes.", SALT.hex().encode(), SALT[1:].hex().encode()),
        short_mac=("A MAC of 31 bytes.", three[-68:-4], three[-68:-6]),
        same_reviewer=("A reviewer twice.", b"02" * 32, b"01" * 32),
        after_the_end=("A line after the end.", b"\n}\n", b"\n}\n\n"))
    for name, (comment, old, new) in bad.items():
        changed("bad-" + name.replace("_", "-"), comment, "malformed", old, new)
    write_text("bad-empty", "An empty file.", "malformed", b"", **secret)
    write_text("bad-cut", "The last line feed missing.", "malformed", one[:-1], **secret)
    write_text("bad-half", "Half a file.", "malformed", one[:len(one) // 2], **secret)
    write_text("bad-no-slots", "A file without slots.", "malformed", vault_file([], [], next_slot=1), **secret)
    many = [slot(n, "keyfile", "", made, KEY_FILE) for n in range(1, 18)]
    write_text("slots-16", "As many slots as there may be; all open, the first is found.", "ok", vault_file(many[:16], []), kind="keyfile",
               secret=KEY_FILE, slot=1)
    write_text("bad-slots-17", "A slot too many.", "malformed", vault_file(many, []), kind="keyfile", secret=KEY_FILE, slot=1)
    people = [reviewer(n) for n in range(65)]
    write_text("reviewers-64", "As many reviewers as there may be.", "ok", vault_file(many[:1], people[:64]), kind="keyfile",
               secret=KEY_FILE, slot=1)
    write_text("bad-reviewers-65", "A reviewer too many.", "malformed", vault_file(many[:1], people), kind="keyfile", secret=KEY_FILE,
               slot=1)


if __name__ == "__main__":
    documents = records()
    rows(documents)
    blobs()
    vaults()
    print(len(written), "vectors")
