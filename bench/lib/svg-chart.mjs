/** Lines over time as an SVG, one panel below the other. No library: a benchmark needs a picture, not a program. */

const WIDTH = 720
const PANEL = { height: 120, left: 84, right: 16, top: 30, bottom: 14 }

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600 } .faint { fill: #57606a } .axis { stroke: #d0d7de }
  path { fill: none; stroke-width: 1.5 } .line-0 { stroke: #0969da } .line-1 { stroke: #bc4c00 } rect.line-0 { fill: #0969da } rect.line-1 { fill: #bc4c00 }
  .paper { fill: #ffffff }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .faint { fill: #9198a1 } .axis { stroke: #3d444d } .paper { fill: #0d1117 }
    .line-0 { stroke: #4493f8 } .line-1 { stroke: #f0883e } rect.line-0 { fill: #4493f8 } rect.line-1 { fill: #f0883e }
  }`

/**
 * @param {object} chart
 * @param {string} chart.title for those who cannot see it, too
 * @param {string} chart.until what stands at the right end of the time axis
 * @param {{ title: string, unit: string, lines: { name: string, values: number[] }[] }[]} chart.panels at most two lines each, from 0 up
 */
export function svgChart({ title, until, panels }) {
  const height = panels.length * PANEL.height + 24
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="paper" width="${WIDTH}" height="${height}"/>`,
    ...panels.map((panel, index) => `<g transform="translate(0 ${index * PANEL.height})">${panelSvg(panel)}</g>`),
    text(PANEL.left, height - 8, '0', 'faint'),
    text(WIDTH - PANEL.right, height - 8, until, 'faint', 'end'),
    '</svg>',
    '',
  ].join('\n')
}

function panelSvg({ title, unit, lines }) {
  const most = Math.max(...lines.flatMap(({ values }) => values), 0) || 1
  const bottom = PANEL.height - PANEL.bottom
  const y = (value) => bottom - (value / most) * (bottom - PANEL.top)
  const legend = lines.map(({ name }, index) => {
    const x = WIDTH - PANEL.right - (lines.length - index) * 150
    return `<rect class="line-${index}" x="${x}" y="9" width="10" height="10"/>${text(x + 15, 18, name, 'faint')}`
  })
  return [
    text(PANEL.left, 18, title, 'title'),
    ...legend,
    ...[0, most].map(
      (value) => axis(y(value)) + text(PANEL.left - 8, y(value) + 4, label(value, unit), 'faint', 'end'),
    ),
    ...lines.map(({ values }, index) => `<path class="line-${index}" d="${path(values, y)}"/>`),
  ].join('')
}

function path(values, y) {
  const step = (WIDTH - PANEL.left - PANEL.right) / Math.max(1, values.length - 1)
  return values
    .map((value, index) => `${index === 0 ? 'M' : 'L'}${round(PANEL.left + index * step)} ${round(y(value))}`)
    .join('')
}

const axis = (y) =>
  `<line class="axis" x1="${PANEL.left}" x2="${WIDTH - PANEL.right}" y1="${round(y)}" y2="${round(y)}"/>`
const text = (x, y, words, kind, anchor = 'start') =>
  `<text class="${kind}" x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escaped(words)}</text>`
const label = (value, unit) =>
  `${value >= 10 ? Math.round(value).toLocaleString('en') : Number(value.toFixed(2))}${unit && ` ${unit}`}`
const round = (number) => Number(number.toFixed(1))
const escaped = (words) => words.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
