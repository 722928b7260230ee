export const NAME = 'tracker'
