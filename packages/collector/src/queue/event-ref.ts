/** How an event is named in a queue that keeps events in chunks: by its chunk and its place there. */
export const refOf = (chunkId: string, index: number) => `${chunkId}:${index}`

export function parseRef(ref: string): { chunkId: string; index: number } {
  const [chunkId = '', index = ''] = ref.split(':')
  return { chunkId, index: Number(index) }
}
