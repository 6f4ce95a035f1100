// Stands in the bundle for packages that it never uses.
module.exports = () => {};
