// Preloaded into a process that is to find the shop by its name: `NODE_OPTIONS=--import=…`.
import dns from 'node:dns'

const { lookup } = dns
dns.lookup = (name, ...rest) => lookup(name === 'www.shop.example' ? '127.0.0.1' : name, ...rest)
