/** All that the collector uses of undici; in the bundle this stands for the whole library, so the file is named by its path. */
// @ts-expect-error undici has no types for its inner files.
export { default as Pool } from '../node_modules/undici/lib/dispatcher/pool.js'
