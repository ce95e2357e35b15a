import type { ServerResponse } from 'node:http'

// Whoever counts requests wants to know when one has ended: the process, the person, the establishment, the drain, the
// deadlines. One listener for all of them: a `once` of its own for each (three events, three counters) cost 6 µs a request.
const handed = Symbol('when handed over')
const closed = Symbol('when closed')
type Followed = ServerResponse & { [handed]?: (() => void)[] | undefined; [closed]?: (() => void)[] | undefined }

/** Calls back once: when the answer is handed to its connection or its client is gone, whichever comes first. */
export function whenHandedOver(answer: ServerResponse, work: () => void): void {
  const followed = answer as Followed
  if (followed[handed]) followed[handed].push(work)
  else {
    followed[handed] = [work]
    answer.on('prefinish', handedOver).on('finish', handedOver).on('close', handedOver)
  }
}

/** Calls back once: when nothing more of the answer will leave, because all has or because its client is gone. */
export function whenClosed(answer: ServerResponse, work: () => void): void {
  const followed = answer as Followed
  if (followed[closed]) followed[closed].push(work)
  else {
    followed[closed] = [work]
    answer.on('close', hasClosed)
  }
}

function handedOver(this: Followed): void {
  const works = this[handed]
  this[handed] = undefined
  if (works) for (const work of works) work()
}

function hasClosed(this: Followed): void {
  const works = this[closed]
  this[closed] = undefined
  if (works) for (const work of works) work()
}
