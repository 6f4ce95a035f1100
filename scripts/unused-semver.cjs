// Stands in the bundle for semver: Fastify asks it whether a plugin is for its version, which the lockfile settles.
module.exports = { satisfies: () => true };
