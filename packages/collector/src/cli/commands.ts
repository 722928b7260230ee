import type { Command } from './command.js'
import { check } from './commands/check.js'
import { dropDeadLetters, listDeadLetters, replayDeadLetters } from './commands/dead-letters.js'
import { queueMove } from './commands/queue-move.js'
import { queueStatus } from './commands/queue-status.js'
import { sandbox } from './commands/sandbox.js'
import { send } from './commands/send.js'
import { start } from './commands/start.js'

/** All commands, in the order in which `--help` lists them. */
export const COMMANDS: readonly Command[] = [
  start,
  check,
  send,
  listDeadLetters,
  replayDeadLetters,
  dropDeadLetters,
  queueStatus,
  queueMove,
  sandbox,
]
