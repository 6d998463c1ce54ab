export default {
	title: "Slow Rivers",
	url: "https://example.org/",
	language: "en",
	description: "Notes on water",
	author: {
		name: "Ada Quill",
		email: "ada@example.org",
		url: "https://example.org/about-me/"
	}
}
