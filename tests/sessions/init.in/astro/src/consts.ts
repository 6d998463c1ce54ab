export const SITE_TITLE = "Ada's rivers";
export const SITE_DESCRIPTION = 'Notes on water';
