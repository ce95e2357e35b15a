import { isIPv6 } from 'node:net'

/**
 * Whom an address is counted as: itself, or for IPv6 its network of 64 bits, which is what one subscriber gets (RFC 6177):
 * counted alone, each of its addresses would be a new guesser. A connection that was reset has no address any more,
 * whatever the type says.
 */
export function networkOf(ip: string | undefined): string {
  if (ip === undefined) return 'gone'
  if (!isIPv6(ip) || ip.includes('.')) return ip.replace(/^::ffff:/i, '')
  const [head = '', tail = ''] = ip.split('::')
  const groups = (part: string): string[] => part.split(':').filter(Boolean)
  const [before, after] = [groups(head), groups(tail)]
  const all = ip.includes('::')
    ? [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after]
    : before
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}
