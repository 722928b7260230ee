/**
 * How the command line ends, so that scripts, systemd and people can tell what to do next.
 *
 * From 64 on they are those of BSD's `sysexits`, which service managers know.
 */
export const EXIT_CODE = {
  ok: 0,
  failed: 1,
  usage: 2,
  unavailable: 69,
  software: 70,
  tryAgain: 75,
  settings: 78,
} as const

export type ExitCode = (typeof EXIT_CODE)[keyof typeof EXIT_CODE]

/** For `--help`. */
export const EXIT_CODE_MEANING: Readonly<Record<ExitCode, string>> = {
  [EXIT_CODE.ok]: 'all went well',
  [EXIT_CODE.failed]: 'it ran to its end, but a check failed or some lines were refused',
  [EXIT_CODE.usage]: 'the command line cannot be understood',
  [EXIT_CODE.unavailable]: 'the port is taken, the queue is in use or out of reach, no collector answers',
  [EXIT_CODE.software]: 'a mistake of the program: please report it',
  [EXIT_CODE.tryAgain]: 'stopped before the end; the same command goes on from there',
  [EXIT_CODE.settings]: 'the settings are wrong; trying again cannot help',
}
