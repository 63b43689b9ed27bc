// A program that logs users in, and the test that is the user's browser: a line of JSON each.
import { createInterface } from 'node:readline'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

// Has the browser open an address, and returns the one where it ends.
export async function opened (url) {
  console.log(JSON.stringify({ open: url.href }))
  return new URL((await lines.next()).value)
}

export function finish (seen) {
  console.log(JSON.stringify({ seen }))
  process.exit(0)
}
