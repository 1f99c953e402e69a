package news.stack;

import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.ar.ArabicNormalizationFilter;
import org.apache.lucene.analysis.cjk.CJKBigramFilter;
import org.apache.lucene.analysis.cjk.CJKWidthFilter;
import org.apache.lucene.analysis.core.DecimalDigitFilter;
import org.apache.lucene.analysis.miscellaneous.ASCIIFoldingFilter;
import org.apache.lucene.analysis.snowball.SnowballFilter;
import org.elasticsearch.index.analysis.AbstractTokenFilterFactory;
import org.elasticsearch.index.analysis.NormalizingTokenFilterFactory;
import org.elasticsearch.index.analysis.PreConfiguredTokenFilter;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;

/**
 * Lucene's token filters under the names that Elasticsearch documents. {@code lowercase} and {@code stop} are in
 * the server itself.
 */
final class TokenFilters {
    private static final boolean NORMALIZES = true;

    static final Map<String, AnalysisProvider<TokenFilterFactory>> CONFIGURED = Map.of(
        "asciifolding", (index, environment, name, settings) ->
            new Folding(name, settings.getAsBoolean("preserve_original", false)),
        "cjk_bigram", (index, environment, name, settings) ->
            new Plain(name, tokens -> new CJKBigramFilter(
                tokens,
                CJKBigramFilter.HAN | CJKBigramFilter.HIRAGANA | CJKBigramFilter.KATAKANA | CJKBigramFilter.HANGUL,
                settings.getAsBoolean("output_unigrams", false))),
        "snowball", (index, environment, name, settings) ->
            new Plain(name, tokens -> new SnowballFilter(tokens, settings.get("language", "English"))));

    static final List<PreConfiguredTokenFilter> READY = List.of(
        PreConfiguredTokenFilter.singleton("arabic_normalization", NORMALIZES, ArabicNormalizationFilter::new),
        PreConfiguredTokenFilter.singleton("asciifolding", NORMALIZES, ASCIIFoldingFilter::new),
        PreConfiguredTokenFilter.singleton("cjk_bigram", !NORMALIZES, CJKBigramFilter::new),
        PreConfiguredTokenFilter.singleton("cjk_width", NORMALIZES, CJKWidthFilter::new),
        PreConfiguredTokenFilter.singleton("decimal_digit", NORMALIZES, DecimalDigitFilter::new));

    private TokenFilters() {}

    private static final class Plain extends AbstractTokenFilterFactory {
        private final UnaryOperator<TokenStream> filter;

        Plain(String name, UnaryOperator<TokenStream> filter) {
            super(name);
            this.filter = filter;
        }

        @Override
        public TokenStream create(TokenStream tokens) {
            return filter.apply(tokens);
        }
    }

    /** What a normalizer may use too: there, one token stays one token. */
    private static final class Folding extends AbstractTokenFilterFactory implements NormalizingTokenFilterFactory {
        private final boolean keepsOriginal;

        Folding(String name, boolean keepsOriginal) {
            super(name);
            this.keepsOriginal = keepsOriginal;
        }

        @Override
        public TokenStream create(TokenStream tokens) {
            return new ASCIIFoldingFilter(tokens, keepsOriginal);
        }

        @Override
        public TokenStream normalize(TokenStream tokens) {
            return new ASCIIFoldingFilter(tokens, false);
        }
    }
}
