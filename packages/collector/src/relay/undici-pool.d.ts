/** The library describes its pool under its main name only. A new minor version may move the file: the dependency allows none unseen. */
declare module 'undici/lib/dispatcher/pool.js' {
  export { Pool as default } from 'undici'
}
