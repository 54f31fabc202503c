import CSystem
import CTLS
import Glibc
import Platform

/// A connected socket with TLS on it, for one thread. The server's certificate must be signed by an authority that is trusted and name the host that was asked for.
final class TLSStream {
  private let file: File
  private let context: OpaquePointer
  private let session: OpaquePointer

  /// - Parameters:
  ///   - file: a connected stream socket; its time limits bound every step here.
  ///   - authorities: a PEM file of the certificates that are trusted; nil for the system's.
  /// - Throws: where there is no agreement; the text says whether the certificate is the reason.
  init(_ file: File, host: String, authorities: String?) throws(SystemError) {
    self.file = file
    guard let context = SSL_CTX_new(TLS_client_method()) else { throw SystemError("TLS", ENOMEM) }
    do throws(SystemError) {
      session = try Self.makeSession(context, host, authorities)
    } catch {
      SSL_CTX_free(context)
      throw error
    }
    self.context = context
    SSL_set_fd(session, self.file.descriptor)
    guard Self.withoutSignal({ SSL_connect(session) }) == 1 else {
      // `deinit` frees both: everything is set by now.
      let isCertificate = SSL_get_verify_result(session) != Int(X509_V_OK)
      ERR_clear_error()
      throw isCertificate
        ? SystemError("TLS, the server's certificate is not trusted", EACCES) : SystemError("TLS handshake", EPROTO)
    }
  }

  deinit {
    // Says goodbye, without waiting for the other side's.
    _ = Self.withoutSignal { SSL_shutdown(session) }
    SSL_free(session)
    SSL_CTX_free(context)
    ERR_clear_error()
  }

  private static func makeSession(
    _ context: OpaquePointer, _ host: String, _ authorities: String?
  ) throws(SystemError) -> OpaquePointer {
    SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
    let isLoaded =
      if let authorities { SSL_CTX_load_verify_locations(context, authorities, nil) } else {
        SSL_CTX_set_default_verify_paths(context)
      }
    guard isLoaded == 1 else {
      ERR_clear_error()
      throw SystemError("TLS, the file of authorities", ENOENT)
    }
    guard let session = SSL_new(context) else { throw SystemError("TLS", ENOMEM) }
    // An address is compared with the addresses of the certificate, a name with its names.
    let isAddress = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host) == 1
    if !isAddress {
      ERR_clear_error()
      let isName = SSL_set1_host(session, host) == 1
      var name = Array(host.utf8CString)
      SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name), &name)
      guard isName else {
        SSL_free(session)
        throw SystemError("TLS, the host's name", EINVAL)
      }
    }
    return session
  }

  /// Writes all of it.
  func write(_ bytes: [UInt8]) throws(SystemError) {
    var done = 0
    while done < bytes.count {
      let count = Self.withoutSignal {
        bytes.withUnsafeBytes { SSL_write(session, $0.baseAddress! + done, Int32($0.count - done)) }
      }
      guard count > 0 else {
        ERR_clear_error()
        throw SystemError("TLS write", EPIPE)
      }
      done += Int(count)
    }
  }

  /// OpenSSL writes without MSG_NOSIGNAL: a connection that the other side closed is to be an error on whatever thread this is, not the end of the program.
  private static func withoutSignal<Result>(_ body: () -> Result) -> Result {
    var pipe = sigset_t()
    var before = sigset_t()
    var pending = sigset_t()
    sigemptyset(&pipe)
    sigaddset(&pipe, SIGPIPE)
    sigpending(&pending)
    let wasPending = sigismember(&pending, SIGPIPE) == 1
    pthread_sigmask(SIG_BLOCK, &pipe, &before)
    let result = body()
    if !wasPending {
      var none = timespec()
      while sigtimedwait(&pipe, nil, &none) < 0, errno == EINTR {}
    }
    pthread_sigmask(SIG_SETMASK, &before, nil)
    return result
  }
}
