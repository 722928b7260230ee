/** What names of ours begin with where they stand among the page's own: in its storage, its events, its address, its console. */
export const PREFIX = 'pixel_mirror_'
