// Stands in the bundle for pino: the program has a log of its own, and Fastify asks for no more than this.
module.exports = { symbols: { serializersSym: Symbol('serializers') }, stdSerializers: { err: (error) => error } };
