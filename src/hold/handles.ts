/** What the program gets from `holdKeepAlive` and `installKeepAlive`. */

/** A hold, in force until it is released; `using` releases it at the end of a block. */
export interface KeepAliveHold {
  /**
   * Ends the hold. Where another hold or an install covers the socket too, its values are put in at once; else the
   * kernel keeps the last values. The same goes for the connections that a held server has accepted. Calls that were
   * held off meanwhile are not replayed.
   */
  release(): void
  /** The same as `release()`, for `using`. */
  [Symbol.dispose](): void
}

/** An install, in force until it is uninstalled; `using` uninstalls it at the end of a block. */
export interface KeepAliveInstall {
  /**
   * Ends the install. Its sockets keep their values in the kernel, and are held no longer. Those that another install
   * covers too get that one's values at their next 'connect' or `setKeepAlive()`.
   *
   * With the last install, hold and connection with a deadline, `net.Socket.prototype` is given back exactly as it was. Methods that cannot be
   * given back, because somebody has wrapped or frozen them meanwhile, stay in place and do nothing.
   */
  uninstall(): void
  /** The same as `uninstall()`, for `using`. */
  [Symbol.dispose](): void
}
