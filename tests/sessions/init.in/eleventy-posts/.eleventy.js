module.exports = () => ({ dir: { input: "." } });
