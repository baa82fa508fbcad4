/** The version of this package. */
export function version(): string {
  const manifest = require('tcp-keepalive/package.json') as { version: string }
  return manifest.version
}
