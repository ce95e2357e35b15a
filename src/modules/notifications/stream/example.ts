/** How the stream is read, for the documentation of the API. */
export const example = `Server-Sent Events: \`ready\` (or \`reset\`: read the list anew) with the number of unread ones, then a \`notification\` as each is
stored, with the same content as in the list; \`end\` says why the server ends the stream. Comments come every 15 s at the latest.

Nothing is lost: a client that is cut off comes back with the last \`id\` it received in \`Last-Event-ID\` and is given what came
meanwhile, in order. One may come twice around a cut: drop what has an \`id\` that you know. The stream ends with its access
token (\`token_expired\`): come back with a fresh one. 429 and 503 say in \`Retry-After\` when to try again. At most six
streams a person. \`EventSource\` cannot send a token in a header, and a token never belongs into an address: use fetch.

\`\`\`js
async function listen(getToken, onNotification) {
  let lastId
  for (let wait = 3000; ; await new Promise((resolve) => setTimeout(resolve, wait))) {
    const answer = await fetch('/api/v1/notifications/stream', {
      headers: { authorization: 'Bearer ' + (await getToken()), ...(lastId && { 'last-event-id': lastId }) },
    }).catch(() => undefined)
    if (!answer?.ok) {
      wait = 1000 * Number(answer?.headers.get('retry-after') ?? 5)
      continue
    }
    wait = 3000
    let rest = ''
    try {
      for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
        const events = (rest + text).split('\\n\\n')
        rest = events.pop()
        for (const event of events) {
          const field = Object.fromEntries(event.split('\\n').map((line) => line.split(/: (.*)/s)))
          if (field.id) lastId = field.id
          if (field.retry) wait = Number(field.retry)
          if (field.event === 'notification') onNotification(JSON.parse(field.data))
        }
      }
    } catch {} // cut off: come back
  }
}
\`\`\``
