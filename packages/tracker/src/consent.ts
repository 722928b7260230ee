/**
 * What the visitor allows: one state for both channels.
 *
 * The pixel's own commands set it, whoever gives them: the page, a consent tool, or our options through the pixel. While consent is
 * missing nothing is sent, stored or written as a cookie; events wait in memory.
 */
import { snapshot } from './snapshot.js'
import { stored } from './storage.js'

/** What the pixel has been told last. */
export let granted = true
/** What may not be done before consent. */
const deeds: (() => void)[] = []
/** `dataProcessingOptions` as last given: options, country, state. */
export let dataProcessing: unknown[] = []

/** An objection of the visitor's outlives the page. It is looked up when it matters: opening the storage would delay the page's start. */
export const isGranted = (): boolean => granted && !stored('out')

export const setGranted = (yes: boolean): void => {
  granted = yes
  whenGranted()
}

/** Does something as soon as there is consent. */
export const whenGranted = (...added: (() => void)[]): void => {
  deeds.push(...added)
  if (isGranted()) deeds.splice(0).forEach((deed) => deed())
}

/** Without what cannot be sent. */
export const setDataProcessing = (args: unknown[]) => (dataProcessing = snapshot(args)!)
