/** Plain, readable, in the reader's own colours. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d8dce2, #3a3f47); --soft: light-dark(#5b6470, #9aa4b0);
  --good: light-dark(#0a6b3d, #58d39a); --note: light-dark(#8a4b00, #f0b260); --bad: light-dark(#a8071a, #ff8a8a) }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; background: light-dark(#fff, #16191d); color: light-dark(#1b1f24, #e6e9ed) }
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1rem 4rem }
h1 { font-size: 1.4rem; margin: 0 0 1rem } h1 small { font-size: .9rem; font-weight: 400; color: var(--soft) }
h2 { font-size: 1rem; margin: 2rem 0 .5rem } h3 { font-size: .85rem; margin: .75rem 0 .25rem }
.counts { display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin: 0 } .counts dt { color: var(--soft); font-size: .85rem }
.counts dd { margin: 0; font-size: 1.4rem; font-variant-numeric: tabular-nums }
.wide { overflow-x: auto } table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { text-align: left; vertical-align: top; padding: .4rem 1.25rem .4rem 0; border-top: 1px solid var(--line) }
thead th { font-weight: 500; color: var(--soft); font-size: .85rem; border-top: 0; white-space: nowrap }
tbody th { font-weight: 400; width: 100% } td { white-space: nowrap } td small { color: var(--note) }
code, pre { font: 13px/1.45 ui-monospace, monospace } li code { overflow-wrap: anywhere }
td code { display: inline-block; max-width: 18rem; overflow: hidden; text-overflow: ellipsis; vertical-align: bottom }
pre { white-space: pre-wrap; overflow-wrap: anywhere; min-width: 16rem; margin: 0 }
summary { cursor: pointer; white-space: nowrap } b { font-weight: 600; white-space: nowrap } .none { color: var(--soft) }
.once b { color: var(--good) } .browser_only b, .server_only b { color: var(--note) } .duplicate b { color: var(--bad) }
@media (max-width: 45rem) {
  thead { position: absolute; clip-path: inset(50%) }
  tbody tr { display: flex; flex-wrap: wrap; gap: 0 .75rem; padding: .4rem 0; border-top: 1px solid var(--line) }
  th, td { padding: .1rem 0; border: 0 } summary { white-space: normal } tbody th { flex: 0 0 100% }
  td[data-name]::before { content: attr(data-name) ' '; color: var(--soft) } td:empty { display: none }
  td code { max-width: 80vw } pre { min-width: 0 }
}
`

/** Fetches the page again and puts its new content in, as long as somebody looks; what is open stays open. */
export const PAGE_SCRIPT = `
setInterval(async () => {
  if (document.hidden || String(getSelection())) return
  try {
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), 'text/html')
    const focused = document.activeElement?.closest('details')?.dataset.key
    const open = new Set([...document.querySelectorAll('details[open]')].map((one) => one.dataset.key))
    const fresh = page.querySelector('main')
    for (const one of fresh.querySelectorAll('details')) one.open = open.has(one.dataset.key)
    document.querySelector('main').replaceWith(fresh)
    for (const one of fresh.querySelectorAll('details')) if (one.dataset.key === focused) one.firstElementChild.focus()
  } catch {
    // The sandbox has stopped. It may come back.
  }
}, 2000)
`
