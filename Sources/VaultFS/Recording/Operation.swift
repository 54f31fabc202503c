/// What was attempted, as a DENY record names it. Text is in the trail; never changed.
enum Operation: String, Sendable {
  case lookup, getattr, access, list, readlink, open, create, read, pages, write, truncate, allocate, seek, copy, mkdir, symlink,
    link, mknod
  case unlink, rmdir, rename, setattr, setxattr, removexattr, getxattr, listxattr, lock, statfs, why, ioctl, administer, mmap
}
