DROP INDEX "ingestion"."item_knowledge_base";--> statement-breakpoint
CREATE INDEX "item_name" ON "ingestion"."item" USING btree ("workspace_id","knowledge_base_id","name");