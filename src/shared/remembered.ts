/**
 * Keeps what was made for a key, the last used `most` of them.
 * @returns what was made for this key, or makes it
 */
export function remembered<V extends object | string>(most: number): (key: string, make: () => V) => V {
  const kept = new Map<string, V>()
  return (key, make) => {
    const found = kept.get(key)
    if (found !== undefined) kept.delete(key)
    const value = found ?? make()
    kept.set(key, value)
    if (kept.size > most) for (const oldest of kept.keys()) return (kept.delete(oldest), value)
    return value
  }
}
