/** The objects that `holdKeepAlive` and `installKeepAlive` return. */

/** A hold, in force until it is released; `using` releases it at the end of a block. */
export interface KeepAliveHold {
  /**
   * Ends the hold. If another hold or an install covers the socket too, its values are set at once. Otherwise the
   * kernel keeps the last values. The same applies to connections that a held server has accepted. Calls of a driver that the
   * hold suppressed are not replayed.
   */
  release(): void
  /** The same as `release()`, for `using`. */
  [Symbol.dispose](): void
}

/** An install, in force until it is uninstalled; `using` uninstalls it at the end of a block. */
export interface KeepAliveInstall {
  /**
   * Ends the install. Its sockets keep their values in the kernel, but are no longer held. If another install
   * covers a socket too, the socket gets that install's values at its next 'connect' or `setKeepAlive()`.
   *
   * After the last install, hold and connection with a deadline, `net.Socket.prototype` is restored exactly. If other code has
   * wrapped or frozen a method meanwhile, this package's wrapper stays in place and does nothing of its own.
   */
  uninstall(): void
  /** The same as `uninstall()`, for `using`. */
  [Symbol.dispose](): void
}
