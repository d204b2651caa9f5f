package io.weir.streams;

import io.weir.registry.ColumnType;
import io.weir.registry.EventLimits;
import io.weir.registry.SchemaLookup;
import io.weir.registry.SizeLimit;
import io.weir.registry.WireFormat;
import io.weir.streams.PipelinePlan.Aggregate;
import io.weir.streams.PipelinePlan.Column;
import io.weir.streams.PipelinePlan.Join;
import io.weir.streams.PipelinePlan.Output;
import io.weir.streams.PipelinePlan.Reference;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Branched;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.state.Stores;

/**
 * Turns events into rows. All operators, stores and internal topics have explicit names, so that
 * another version of the application finds its state.
 *
 * <pre>
 * source - decode - (by id) - deduplicate, join - rows
 *             |
 *        dead letters
 * </pre>
 *
 * <p>If the source is partitioned by id, there is no repartition topic, and a row costs a single
 * commit. {@link TotalsTopology} computes the totals.
 */
final class PipelineTopology {
  /** The name of the repartition topic, where events are partitioned by id. */
  static final String BY_ID = "by-id";

  private static final Serde<byte[]> BYTES = Serdes.ByteArray();
  private static final String EVENTS = "events";
  private static final String LETTERS = "dead-letters";

  private final PipelinePlan plan;
  private final SchemaLookup schemas;
  private final Map<String, Integer> schemaIds;
  private final Counters counters;

  /**
   * @param schemas looks up the schemas of events and reference rows
   * @param schemaIds the schema id of each output, by subject
   */
  PipelineTopology(
      PipelinePlan plan, SchemaLookup schemas, Map<String, Integer> schemaIds, Counters counters) {
    this.plan = plan;
    this.schemas = schemas;
    this.schemaIds = schemaIds;
    this.counters = counters;
  }

  Topology build() {
    StreamsBuilder builder = new StreamsBuilder();
    plan.references().forEach(reference -> addReference(builder, reference));
    KStream<byte[], Object[]> rows = enriched(distinctly(events(builder)));
    addRows(rows);
    return builder.build();
  }

  private static void addReference(StreamsBuilder builder, Reference reference) {
    builder.globalTable(
        reference.topic(),
        Consumed.with(BYTES, BYTES).withName("reference-" + reference.name()),
        Materialized.<byte[], byte[]>as(Stores.inMemoryKeyValueStore(store(reference)))
            .withKeySerde(BYTES)
            .withValueSerde(BYTES));
  }

  private static String store(Reference reference) {
    return "reference-" + reference.name();
  }

  /** The events, keyed by id. Dead letters are branched off on the way. */
  private KStream<byte[], Object[]> events(StreamsBuilder builder) {
    List<Integer> key = plan.deduplication().key();
    RowCodec id = new RowCodec(key.stream().map(plan.columns()::get).toList());
    int width = plan.source().columns();
    EventLimits.Check limits =
        plan.limits().on(plan.eventColumns().stream().map(Column::name).toList());
    Map<String, KStream<byte[], Decoded>> decoded =
        builder.stream(
                plan.source().topic(),
                Consumed.with(BYTES, BYTES)
                    .withName("source")
                    // An event is processed even if its record has an invalid timestamp.
                    .withTimestampExtractor((record, time) -> Math.max(0, record.timestamp())))
            .process(
                () ->
                    new DecodeProcessor(
                        EventReader.of(plan, schemas),
                        id,
                        key,
                        width,
                        limits,
                        new SizeLimit(plan.source().maxEventBytes()),
                        counters),
                Named.as("decode"))
            .split(Named.as("decoded-"))
            .branch((recordKey, value) -> value.isEvent(), Branched.as(EVENTS))
            .defaultBranch(Branched.as(LETTERS));
    decoded
        .get("decoded-" + LETTERS)
        .mapValues(Decoded::original, Named.as("original"))
        .to(plan.deadLetterTopic(), Produced.with(BYTES, BYTES).withName(LETTERS));
    return decoded.get("decoded-" + EVENTS).mapValues(Decoded::event, Named.as("event"));
  }

  /**
   * Puts all events of an id on one partition, whatever key their producers used. Only then does
   * one task see all possible duplicates. Not needed if the producers guarantee it.
   */
  private KStream<byte[], Object[]> distinctly(KStream<byte[], Object[]> events) {
    if (plan.source().partitionedById()) {
      return events;
    }
    return events.repartition(
        Repartitioned.<byte[], Object[]>as(BY_ID)
            .withKeySerde(BYTES)
            .withValueSerde(new RowCodec(plan.eventColumns()).serde()));
  }

  private KStream<byte[], Object[]> enriched(KStream<byte[], Object[]> events) {
    return events.processValues(
        EnrichProcessor.supplier(plan, this::lookups, counters), Named.as("enrich"));
  }

  private List<Lookup> lookups(FixedKeyProcessorContext<byte[], Object[]> context) {
    return plan.joins().stream().map(join -> lookup(context, join)).toList();
  }

  private Lookup lookup(FixedKeyProcessorContext<byte[], Object[]> context, Join join) {
    Reference reference = plan.references().get(join.reference());
    return new Lookup(
        context.getStateStore(store(reference)),
        new RowReader(schemas, new Schema.Parser().parse(reference.schema()), reference.columns()),
        reference,
        join,
        counters.joinMisses(reference.name()));
  }

  private void addRows(KStream<byte[], Object[]> rows) {
    Column written = new Column("_write_timestamp", ColumnType.BIGINT, false);
    RowCodec codec =
        new RowCodec(Stream.concat(plan.columns().stream(), Stream.of(written)).toList());
    byte[] header = header(plan.rows());
    rows.mapValues(row -> codec.encode(header, dated(row)), Named.as("rows-encode"))
        .to(plan.rows().topic(), Produced.with(BYTES, BYTES).withName("rows"));
  }

  /**
   * A row's write timestamp comes from its event, so that writing it twice gives the same cells.
   */
  private Object[] dated(Object[] row) {
    Object[] dated = new Object[row.length + 1];
    System.arraycopy(row, 0, dated, 0, row.length);
    dated[row.length] = Rows.micros(row[plan.eventTime()], ColumnType.TIMESTAMP);
    return dated;
  }

  private byte[] header(Output output) {
    return WireFormat.header(schemaIds.get(output.subject()));
  }

  /** All outputs with a registered schema. */
  static List<Output> outputs(PipelinePlan plan) {
    return Stream.concat(Stream.of(plan.rows()), plan.aggregates().stream().map(Aggregate::output))
        .toList();
  }

  /**
   * The topics that must exist before the topology starts: all but Kafka Streams' internal ones.
   */
  static List<String> topics(PipelinePlan plan) {
    return Stream.of(
            Stream.of(plan.source().topic(), plan.deadLetterTopic()),
            outputs(plan).stream().map(Output::topic),
            plan.references().stream().map(Reference::topic))
        .flatMap(topic -> topic)
        .toList();
  }
}
