"""What is written and read: a source tree and documents, the same bytes in every run on every machine. Nothing is downloaded.

The tree has the shape of the Linux kernel's: many small files, a few large ones, folders up to seven deep. Sizes follow a
log-normal distribution (median 4 KiB, mean 9 KiB), as those of real source files nearly do.
"""

import io
import random
import tarfile

TREE_FILES = 20_000
TREE_BYTES = 176 << 20
DOCUMENTS = 300

WORDS = (
    "static int return if else struct void const unsigned long case break for while goto out err ret dev ctx buf len flags "
    "lock unlock init exit probe remove read write open release page inode dentry super block node list entry hash table"
).split()


def text_pool(source, byte_count):
    """Text of which files are slices: it reads like code and compresses like it."""
    out = io.StringIO()
    size = 0
    while size < byte_count:
        line = "\t" * source.randrange(4) + " ".join(source.choices(WORDS, k=source.randrange(2, 9))) + ";\n"
        out.write(line)
        size += len(line)
    return out.getvalue().encode()[:byte_count]


def folders(source, count):
    """Paths of folders, parents before children; a few hold much, most hold little."""
    made = ["tree"]
    depth = {"tree": 0}
    while len(made) < count:
        parent = source.choice(made[-200:] if source.random() < 0.7 else made)
        if depth[parent] >= 7:
            continue
        path = f"{parent}/{source.choice(WORDS)}-{len(made)}"
        made.append(path)
        depth[path] = depth[parent] + 1
    return made


def write_tree(path, scale=1.0):
    """Writes the tree as a tar file, with `scale` times as many files of the same sizes. Returns (files, bytes)."""
    source = random.Random(20_000)
    count = max(20, int(TREE_FILES * scale))
    sizes = [source.lognormvariate(0, 1.3) for _ in range(count)]
    factor = TREE_BYTES * count / TREE_FILES / sum(sizes)
    sizes = [max(1, int(size * factor)) for size in sizes]
    pool = text_pool(source, max(8 << 20, max(sizes) + 1))
    where = folders(source, max(4, count // 15))
    total = 0
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for folder in where:
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode, entry.mtime = tarfile.DIRTYPE, 0o755, 1_700_000_000
            tar.addfile(entry)
        for number, size in enumerate(sizes):
            entry = tarfile.TarInfo(f"{source.choice(where)}/{source.choice(WORDS)}-{number}.{source.choice('cchhhcS')}")
            entry.size, entry.mode, entry.mtime = size, 0o644, 1_700_000_000 + number
            start = source.randrange(len(pool) - size)
            tar.addfile(entry, io.BytesIO(pool[start : start + size]))
            total += size
    return count, total


def write_documents(folder, count=DOCUMENTS):
    """Writes PDF files of the sizes that scans and statements have (median 180 KiB, mean about 440). Returns bytes."""
    source = random.Random(300)
    total = 0
    for number in range(count):
        size = min(16 << 20, max(4096, int(source.lognormvariate(0, 1.35) * (180 << 10))))
        stream = source.randbytes(size)
        head = b"%PDF-1.7\n1 0 obj\n<< /Length " + str(size).encode() + b" >>\nstream\n"
        with open(f"{folder}/{number:03d} statement.pdf", "wb") as file:
            file.write(head + stream + b"\nendstream\nendobj\n%%EOF\n")
            total += len(head) + size + 25
    return total
