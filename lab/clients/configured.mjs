/** What a client of programs/ is opened with; its options are added where its own `config` leaves them out. */
export function configured({ config }, where, options = {}) {
  const made = config(where, options)
  return config.length === 1 && typeof made === 'object' ? { ...made, ...options } : made
}
