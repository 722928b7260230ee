import type { Issue, Repair } from '@pixel-mirror/common'
import { ISSUES } from './issue-codes.js'
import type { IssueCode } from './issue-codes.js'

/** Collects what the steps of the pipeline find in one event, so that all of it can be told at once. */
export class Findings {
  readonly issues: Issue[] = []
  readonly repairs: Repair[] = []

  /** The event cannot be sent. */
  refuse(code: IssueCode, path: string): void {
    this.issues.push(issue(code, path))
  }

  /** Something was mended or left out, and the event can be sent. */
  repair(code: string, path: string): void {
    this.repairs.push({ code, path })
  }
}

export function issue(code: IssueCode, path: string): Issue {
  return { code, path, message: ISSUES[code] }
}
