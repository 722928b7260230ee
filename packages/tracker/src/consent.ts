/**
 * What the visitor allows: one state for both channels.
 *
 * The pixel's own commands set it, whoever gives them: the page, a consent tool, or our options through the pixel. While consent is
 * missing nothing is sent, stored or written as a cookie; events wait in memory.
 */
import { stored } from './storage.js'

export let granted = true
/** `dataProcessingOptions` as last given: options, country, state. */
export let dataProcessing: unknown[] = []

export const setGranted = (yes: boolean): void => {
  // An objection of the visitor's outlives the page.
  granted = yes && !stored('out')
}

export const setDataProcessing = (args: unknown[]) => (dataProcessing = args)
