/** Memo that the people of the demonstration were enrolled once. Apart, for those who only ask. */
export const DEMONSTRATION_ENROLLED = "demonstration.enrolled";
