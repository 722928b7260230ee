/**
 * The pixels of the page, and which events each of them counts.
 *
 * The same commands that the pixel hears make the same state here: the server copy counts what the pixel counts.
 */
import { snapshot } from '../snapshot.js'
import type { UserData } from '@pixel-mirror/common'
import type { Command } from './command.js'

export interface Pixel {
  _id: string
  /** The advanced-matching data of this pixel's `init`, and what `identify` added. */
  _userData: UserData | undefined
  /** The part that came with `init`. */
  _initData: UserData | undefined
  _pageViewSeen?: boolean
}

export interface CountedEvent {
  _pixel: Pixel
  _name: string
  _data: unknown
  _id: string
}

export interface PixelListeners {
  _onEvent: (event: CountedEvent) => void
  _onConsent: (granted: boolean) => void
  /** Something the page probably did not mean. */
  _onHint: (hint: string) => void
}

export interface Pixels {
  _all: Map<string, Pixel>
  /** `dataProcessingOptions` as last set: the options, a country and a state. */
  _dataProcessing: unknown[] | undefined
  /** Adds to what is known about the visitor, for the pixels there are and those to come. */
  _identify: (userData: UserData) => void
  _isForSingleOnly: (pixelId: string) => boolean
  /** Takes in one call that the pixel has taken; `self` is the `this` of the call. */
  _take: (command: Command, self: unknown) => void
}

export function createPixels({ _onEvent, _onConsent, _onHint }: PixelListeners): Pixels {
  const all = new Map<string, Pixel>()
  const singleOnly: Record<string, boolean> = {}
  let identified: UserData | undefined

  const merge = (pixel: Pixel) => {
    if (pixel._initData || identified) pixel._userData = { ...pixel._initData, ...identified }
  }

  const pixels: Pixels = {
    _all: all,
    _dataProcessing: undefined,
    _identify(userData) {
      identified = { ...identified, ...userData }
      all.forEach(merge)
    },
    _isForSingleOnly: (pixelId) => !!singleOnly[pixelId],
    _take({ _args: [verb, ...rest], _event }, self) {
      const [first, second, third] = rest as string[]
      if (_event) {
        const { _pixelId, _name, _data, _id } = _event
        if (!all.size || (_pixelId != null && !all.has(_pixelId)))
          _onHint(`${_name} before its pixel's init is not counted`)
        all.forEach((pixel) => {
          if (_pixelId != null ? _pixelId !== pixel._id : singleOnly[pixel._id]) return
          if (_name === 'PageView' && _pixelId == null) {
            // Without a `this` the pixel believes itself to be the caller, and lets a page view pass.
            const mayRepeat = !self || (self as { allowDuplicatePageViews?: unknown }).allowDuplicatePageViews
            if (pixel._pageViewSeen && !mayRepeat) return
            pixel._pageViewSeen = true
          }
          _onEvent({ _pixel: pixel, _name, _data: snapshot(_data), _id })
        })
      } else if (verb === 'init' && first) {
        const id = String(first)
        const pixel = all.get(id) ?? { _id: id, _initData: undefined, _userData: undefined }
        all.set(id, pixel)
        // A second init of a pixel counts only if it brings the data that the first one did not have.
        pixel._initData ??= snapshot(second) as UserData | undefined
        merge(pixel)
      } else if (verb === 'consent') {
        if (first === 'grant' || first === 'revoke') _onConsent(first === 'grant')
        else _onHint('consent is either grant or revoke')
      } else if (verb === 'dataProcessingOptions') {
        // With a country and no state the pixel ignores the call.
        if ([1, 3, 4].includes(rest.length)) pixels._dataProcessing = snapshot(rest)
        else _onHint('dataProcessingOptions needs a state beside the country')
      } else if (verb === 'set' && first === 'trackSingleOnly') {
        singleOnly[String(third)] = String(second) === 'true'
      }
    },
  }
  return pixels
}
