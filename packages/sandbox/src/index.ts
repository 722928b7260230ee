export const NAME = 'sandbox'
