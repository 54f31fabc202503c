// PageCipher
