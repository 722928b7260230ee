/** How the sandbox misbehaves, on demand: one entry of `behave()` or of `POST /sandbox/behave`. */
export type Behaviour = Scope & Manner

/** When a behaviour applies. */
export interface Scope {
  /** Only to this pixel's requests. @defaultValue all pixels */
  pixel_id?: string
  /** To so many requests, then no more. @defaultValue until cleared */
  times?: number
  /** To this share of the requests, 0 to 1. @defaultValue 1 */
  probability?: number
  /** Makes the chances of `probability` and `jitterMs` come out the same in every run. @defaultValue 1 */
  seed?: number
}

/** Whether Meta took the events before it failed: the caller cannot know. */
interface Taken {
  /** @defaultValue `false` */
  taken?: boolean
}

export type Manner =
  | Latency
  | Usage
  | Throttle
  | ServerError
  | HtmlPage
  | Reset
  | Hang
  | Drip
  | Half
  | BadToken
  | WrongPixel
  | Permission
  | DeprecatedVersion
  | Poison
  | AnyGraphError

/** Takes the events, and answers rightly but late. */
export interface Latency {
  kind: 'latency'
  ms: number
  /** Adds up to so much again, at random. @defaultValue 0 */
  jitterMs?: number
}

/** Answers rightly, and says how much of the rate limit is used up (`X-App-Usage`, `X-Business-Use-Case-Usage`). */
export interface Usage {
  kind: 'usage'
  /** 0 to 100; Meta throttles at 100. */
  percent: number
  /** @defaultValue 0 */
  regainMinutes?: number
}

/** Refuses by a rate limit. */
export interface Throttle {
  kind: 'throttle'
  /** 4, 17, 32, 341, 613, 80000, 80003, 80004 or 80014. @defaultValue 4 */
  code?: number
  /** What `X-Business-Use-Case-Usage` says. @defaultValue 1 */
  regainMinutes?: number
  /** Sends `Retry-After`. @defaultValue none */
  retryAfterS?: number
  /** @defaultValue 400 */
  status?: number
}

/** Fails as Meta does when it is unwell: an envelope with code 1 or 2. */
export interface ServerError extends Taken {
  kind: 'server_error'
  /** @defaultValue 500 */
  status?: number
  /** @defaultValue 2 */
  code?: number
}

/** Fails as a proxy in front of Meta does: a page for people. */
export interface HtmlPage extends Taken {
  kind: 'html'
  /** @defaultValue 502 */
  status?: number
}

/** Resets the connection: before the body is read, or after the events were taken. */
export interface Reset extends Taken {
  kind: 'reset'
}

/** Never answers. */
export interface Hang extends Taken {
  kind: 'hang'
}

/** Takes the events, and answers rightly but piece by piece. */
export interface Drip {
  kind: 'drip'
  /** How long one piece takes. @defaultValue 100 */
  ms?: number
  /** @defaultValue 8 */
  pieceBytes?: number
}

/** Takes the events, sends half of the right answer and cuts the connection. */
export interface Half {
  kind: 'half'
}

/** The token is no longer valid: code 190. */
export interface BadToken {
  kind: 'bad_token'
  /** 458 app removed, 459 checkpoint, 460 password changed, 463 expired, 467 invalid. @defaultValue 463 */
  subcode?: number
}

/** The pixel does not exist, or the token may not see it: code 100, subcode 33. */
export interface WrongPixel {
  kind: 'wrong_pixel'
}

/** The token may not send to this pixel. */
export interface Permission {
  kind: 'permission'
  /** 3, 10, 200 to 299. @defaultValue 200 */
  code?: number
}

/** The version of the Graph API has been switched off: code 2635. */
export interface DeprecatedVersion {
  kind: 'deprecated_version'
}

/** Refuses, with code 100, every batch that holds a matching event. */
export interface Poison {
  kind: 'poison'
  /** `*` stands for anything. */
  event_id?: string
  /** `*` stands for anything. */
  event_name?: string
  /** @defaultValue 2804001 */
  subcode?: number
}

/** Any error that Meta could answer. */
export interface AnyGraphError extends Taken {
  kind: 'graph_error'
  code: number
  subcode?: number
  /** @defaultValue 400 */
  status?: number
  message?: string
  /** `is_transient` */
  transient?: boolean
}
