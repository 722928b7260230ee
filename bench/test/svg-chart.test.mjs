import { describe, expect, it } from 'vitest'
import { svgChart } from '../lib/svg-chart.mjs'

const line = (values, name = 'heap') => ({ name, values })
const draw = (...lines) =>
  svgChart({ title: 'Ten minutes', until: '10 min', panels: [{ title: 'Memory', unit: 'MB', lines }] })
const pathsOf = (svg) => [...svg.matchAll(/<path [^>]*d="([^"]*)"/g)].map(([, path]) => path)

describe('svgChart()', () => {
  it('draws every value of a line from left to right, the largest at the top and 0 at the bottom', () => {
    expect(pathsOf(draw(line([0, 50, 100])))).toEqual(['M84 106L394 68L704 30'])
  })

  it('draws the lines of a panel on one scale', () => {
    expect(pathsOf(draw(line([100, 100]), line([50, 50])))).toEqual(['M84 30L704 30', 'M84 68L704 68'])
  })

  it.each([
    ['nothing but zeros', [0, 0]],
    ['one value', [7]],
  ])('draws %s without a number that is none', (_, values) => {
    expect(draw(line(values))).not.toContain('NaN')
  })

  it('lets no name break out of its text', () => {
    expect(draw(line([1], '<b> & "c"'))).toContain('&#60;b&#62; &#38; &#34;c&#34;')
  })
})
