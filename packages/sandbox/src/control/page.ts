import { createHash } from 'node:crypto'
import type { EventCopies, ReceivedCopy, Verdict } from '../copies/copy.js'
import type { Refusal } from '../refusal.js'
import type { State } from '../state.js'
import { PAGE_SCRIPT, PAGE_STYLE } from './page-look.js'

const SHOWN = 100

const VERDICTS: Record<Verdict, string> = {
  once: 'counted once',
  browser_only: 'browser only',
  server_only: 'server only',
  duplicate: 'sent more than once',
}

const inline = (source: string) => `'sha256-${createHash('sha256').update(source).digest('base64')}'`

export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; style-src ${inline(PAGE_STYLE)}; script-src ${inline(PAGE_SCRIPT)}; connect-src 'self'; base-uri 'none'; form-action 'none'`,
}

/** The page at `/`: what has arrived, for people. It looks again by itself every few seconds. */
export function renderPage({ ledger, requests, refusals, behaviours }: State): string {
  const counts = ledger.counts()
  const copies = ledger.copies().slice(-SHOWN).reverse()
  const active = behaviours.list()
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sandbox: Meta’s side of Pixel Mirror</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
<h1>Sandbox <small>stands in for Meta; nothing here leaves this machine</small></h1>
<dl class="counts">
${count('events counted', counts.counted)}
${count('browser copies', counts.browserCopies)}
${count('server copies', counts.serverCopies)}
${count('second copies set aside', counts.deduplicated)}
${count('requests refused', requests.refusedRequests)}
</dl>
${active.length > 0 ? `<h2>Misbehaving on demand</h2><ul>${active.map((one) => `<li><code>${escape(JSON.stringify(one))}</code></li>`).join('')}</ul>` : ''}
${refusals.length > 0 ? `<h2>Refused</h2>${refusalTable(refusals.slice(-10).reverse())}` : ''}
<h2>Events</h2>
${copies.length > 0 ? copiesTable(copies) : '<p>None yet. Open the shop, or send one to <code>POST /v26.0/{pixel_id}/events</code>.</p>'}
</main>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`
}

function count(name: string, value: number): string {
  return `<div><dt>${name}</dt><dd>${value.toLocaleString('en')}</dd></div>`
}

function copiesTable(events: readonly EventCopies[]): string {
  return table(
    'Events',
    ['Event', 'Meta makes of it', 'Browser', 'Server', 'Event id', 'First copy'],
    events.map(copiesRow),
  )
}

function copiesRow(event: EventCopies): string {
  const { event_name, event_id, pixel_id, browserCopies, serverCopies, verdict, counted, browser, server } = event
  const copies: ReceivedCopy[] = [...browser, ...server].sort((left, right) => left.sequence - right.sequence)
  const warnings = new Set(server.flatMap((copy) => copy.warnings))
  const key = `${pixel_id} ${event_name} ${event_id ?? copies[0]?.sequence ?? ''}`
  return `<tr class="${verdict}">
<th scope="row"><details data-key="${escape(key)}"><summary>${escape(event_name)}</summary>
<p>Pixel ${escape(pixel_id)}</p>
${copies.map(wholeCopy).join('\n')}
</details></th>
<td><b>${counted > 1 ? `counted ${counted} times` : VERDICTS[verdict]}</b>${[...warnings].map((name) => `<br><small>${escape(name)}</small>`).join('')}</td>
<td data-name="browser">${copiesCell(browserCopies)}</td>
<td data-name="server">${copiesCell(serverCopies)}</td>
<td><code title="${escape(event_id ?? '')}">${escape(event_id ?? 'none')}</code></td>
<td>${copies[0] ? time(copies[0].receivedAtMs) : ''}</td>
</tr>`
}

function wholeCopy(copy: ReceivedCopy): string {
  const content = copy.channel === 'browser' ? copy.hit : copy.event
  const fate = copy.counted ? 'counted' : 'set aside'
  return `<h3>${copy.channel} copy, ${time(copy.receivedAtMs)}, ${fate}</h3><pre>${escape(JSON.stringify(content, null, 2))}</pre>`
}

function copiesCell(copies: number): string {
  if (copies === 0) return '<span class="none" title="none">–</span>'
  return copies === 1 ? '✓' : `✓ × ${copies}`
}

function refusalTable(refusals: readonly Refusal[]): string {
  const rows = refusals.map(
    ({ atMs, code, subcode, message, rule, path, events, event_id }) => `<tr>
<th scope="row">${escape(rule ?? message)}</th>
<td>${[code, subcode].filter(Boolean).join(' / ')}</td>
<td><code>${escape(path ?? '')}</code></td>
<td><code title="${escape(event_id ?? '')}">${escape(event_id ?? '')}</code></td>
<td data-name="events in the request">${events}</td>
<td>${time(atMs)}</td>
</tr>`,
  )
  return table('Refused requests', ['Rule', 'Code', 'Where', 'Event id', 'Events in the request', 'Time'], rows)
}

function table(name: string, columns: readonly string[], rows: readonly string[]): string {
  const head = columns.map((column) => `<th scope="col">${column}</th>`).join('')
  return `<div class="wide" role="region" aria-label="${name}" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`
}

function time(ms: number): string {
  const iso = new Date(ms).toISOString()
  return `<time datetime="${iso}">${iso.slice(11, 19)}</time>`
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
