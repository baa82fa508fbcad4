/** The systems whose kernel is Linux, by `process.platform`. */
export function isLinux(platform: string): boolean {
  return platform === 'linux' || platform === 'android'
}
