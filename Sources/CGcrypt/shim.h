#include <gcrypt.h>
#include <string.h>

/// Prepares the library, with so much locked memory. gcry_control takes a variable number of arguments, which Swift cannot pass.
/// 0 if all went well and the memory is locked. To be called once, before all else.
static inline gcry_error_t cgcrypt_start(unsigned int locked_byte_count) {
  // In FIPS mode it would refuse to seal under nonces that are ours.
  gcry_control(GCRYCTL_NO_FIPS_MODE, 0);
  if (gcry_check_version("1.10.0") == NULL) return GPG_ERR_NOT_SUPPORTED;
  // Who cannot have it is told by us.
  gcry_control(GCRYCTL_DISABLE_SECMEM_WARN, 0);
  gcry_error_t error = gcry_control(GCRYCTL_INIT_SECMEM, locked_byte_count, 0);
  gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
  return error;
}

/// Writes zeros that the compiler may not leave out.
static inline void cgcrypt_wipe(void *start, size_t byte_count) { explicit_bzero(start, byte_count); }
