// A plugin of typedoc: a member without a comment of its own has that of the member it overrides, or of the other accessor of its
// pair. TypeScript finds it, as it does for editors; typedoc by itself looks neither through classes that a function returns
// (`configured`, `layer`) nor from a setter to its getter.
import { Comment, CommentTag, Converter, ReflectionKind } from 'typedoc';

/** The comment that TypeScript has for a symbol, or null. Of the tags it keeps what is thrown. */
function inheritedComment(symbol, checker) {
  const text = symbol.getDocumentationComment(checker).map((part) => part.text).join('');
  if (text === '') return null;
  const comment = new Comment([{ kind: 'text', text }]);
  for (const { name, text: parts } of symbol.getJsDocTags(checker)) {
    if (name === 'throws')
      comment.blockTags.push(new CommentTag('@throws', [{ kind: 'text', text: (parts ?? []).map((part) => part.text).join('') }]));
  }
  return comment;
}

/** Called by typedoc. */
export function load(app) {
  const kinds = ReflectionKind.SomeSignature | ReflectionKind.SomeMember;
  app.converter.on(Converter.EVENT_RESOLVE_END, (context) => {
    const checker = context.programs[0].getTypeChecker();
    for (const reflection of context.project.getReflectionsByKind(kinds)) {
      if (reflection.hasComment()) continue;
      const symbol = context.getSymbolFromReflection(reflection) ?? context.getSymbolFromReflection(reflection.parent);
      const comment = symbol && inheritedComment(symbol, checker);
      if (comment) reflection.comment = comment;
    }
  }, -1000);
}
