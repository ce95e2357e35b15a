// A reporter that ends with one plain line, the same whatever runner printed above: 12 passed, 0 failed, 1 skipped
export default async function* count(source) {
  let [passed, failed, skipped] = [0, 0, 0]
  for await (const { type, data } of source) {
    if ((type !== 'test:pass' && type !== 'test:fail') || data.details?.type === 'suite') continue
    if (type === 'test:fail') failed++
    else if (data.skip !== undefined) skipped++
    else passed++
  }
  yield `${passed} passed, ${failed} failed, ${skipped} skipped\n`
}
