module.exports = {
  siteMetadata: {
    title: `Slow Rivers`,
    author: { name: `Ada Quill`, summary: `who walks a lot` },
    description: `Notes on water and on walking.`,
    siteUrl: `https://example.net/`,
  },
  plugins: [{ resolve: `gatsby-plugin-manifest`, options: { name: `Rivers`, title: `no` } }],
}
