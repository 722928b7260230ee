import type { Draft } from '../draft.js'
import type { Findings } from '../findings.js'
import { sha256 } from '../../sha256.js'
import { readCustomData } from '../validate/custom-data.js'
import { guardTree } from './guard-tree.js'
import { guardUrl } from './guard-url.js'
import { findPersonal } from './personal-text.js'

/**
 * Nothing personal leaves in plain text outside of the fields that are made for it: e-mail addresses, telephone numbers, names and secrets
 * that slipped into addresses, custom data or ids are removed, or hashed where the value must stay distinct, and counted.
 */
export function guard(draft: Draft, findings: Findings): void {
  draft.event_name = guardName(draft.event_name, findings)
  draft.event_id = guardId(draft.event_id, findings)
  draft.event_source_url = guardAddress(draft.event_source_url, 'event_source_url', findings)
  draft.referrer_url = guardAddress(draft.referrer_url, 'referrer_url', findings)
  draft.user_data = guardUserAgent(draft.user_data, findings)
  draft.custom_data = guardCustomData(draft.custom_data, findings)
  draft.original_event_data = guardObject(draft.original_event_data, 'original_event_data', findings)
  draft.app_data = guardObject(draft.app_data, 'app_data', findings)
  draft.attribution_data = guardObject(draft.attribution_data, 'attribution_data', findings)
}

function guardObject<Field extends object | undefined>(value: Field, field: string, findings: Findings): Field {
  return value === undefined ? value : (guardTree(value, field, findings) as Field)
}

/** What is left must still have Meta's form: a product that lost its id is none. */
function guardCustomData(customData: Draft['custom_data'], findings: Findings): Draft['custom_data'] {
  const guarded = guardObject(customData, 'custom_data', findings)
  return guarded === customData ? customData : readCustomData(guarded, findings)
}

/** A name with personal data in it would make every event one of a kind; there is nothing to save. */
function guardName(name: string, findings: Findings): string {
  if (findPersonal(name).kind === 'clean') return name
  findings.refuse('event_name_personal', 'event_name')
  return ''
}

/** Two copies of one event still meet by the hash; the browser's copy, which has the plain id, is not found any more. */
function guardId(id: string | undefined, findings: Findings): string | undefined {
  if (id === undefined || findPersonal(id).kind === 'clean') return id
  findings.repair('event_id_hashed', 'event_id')
  return sha256(id)
}

function guardAddress(url: string | undefined, field: string, findings: Findings): string | undefined {
  const guarded = url === undefined ? undefined : guardUrl(url)
  if (guarded !== url) findings.repair('personal_data_removed', field)
  return guarded
}

/** Robots leave addresses there, and pages in apps a visitor's name. */
function guardUserAgent(userData: Draft['user_data'], findings: Findings): Draft['user_data'] {
  const userAgent = userData.client_user_agent
  const found = typeof userAgent === 'string' ? findPersonal(userAgent) : undefined
  if (found === undefined || found.kind === 'clean') return userData
  findings.repair('personal_data_removed', 'user_data.client_user_agent')
  return { ...userData, client_user_agent: found.kind === 'parts' ? found.text : undefined }
}
