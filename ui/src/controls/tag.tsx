/** A quiet word beside something that it marks, such as what belongs to the demonstration. */
export function Tag({ text }: { text: string }) {
  return <span class="tag">{text}</span>;
}
