/** Stands for the PostgreSQL client in the bundle: a function has no database. */
export default {}
