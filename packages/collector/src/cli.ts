/** The command `pixel-mirror`. Everything it does is in `main()`, which can be called from code as well. */
import { main } from './main.js'

process.exitCode = await main(process.argv.slice(2))
